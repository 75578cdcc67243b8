"""The pump programme of an order: steps, volumes, vital signs, vials."""

from ivigcheck.schedule.clock import Clock
from ivigcheck.schedule.programme import Schedule, Step, VitalSigns, schedule_of
from ivigcheck.schedule.remarks import Refusal
from ivigcheck.schedule.vials import Suggestion

__all__ = ["Clock", "Refusal", "Schedule", "Step", "Suggestion", "VitalSigns", "schedule_of"]
