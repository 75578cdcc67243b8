"""An order's schedule as plain data. Names and shape are a contract for other programs."""

from __future__ import annotations

from typing import Any

from ivigcheck.schedule import Clock, Schedule


def schedule_facts(schedule: Schedule, clock: Clock | None = None) -> dict[str, Any]:
    """What the report says of a schedule. Times are ISO, or minutes from the start where no clock is given."""

    def at(minutes: float) -> str | float:
        return clock.iso(minutes) if clock else minutes

    return {
        "weight_kg": schedule.weight_kg,
        "weight_basis": schedule.weight_basis,
        "dose_g": schedule.dose_g,
        "concentration_mg_per_mL": schedule.concentration,
        "volume_mL": schedule.volume_mL,
        "pump_increment_mL_per_h": schedule.pump_increment_mL_per_h,
        "step_rule": schedule.rule,
        "step_rule_source": schedule.rule_source,
        "steps": [
            {
                "at": at(step.start),
                "minutes": step.minutes,
                "mL_per_h": step.mL_per_h,
                "mg_per_kg_min": step.mg_per_kg_min,
                "mL": step.mL,
                "cumulative_mL": step.cumulative_mL,
                "cumulative_g": step.cumulative_g,
            }
            for step in schedule.steps
        ],
        "total_minutes": schedule.total_minutes,
        "ends_at": at(schedule.total_minutes),
        "close_watch_until": at(min(schedule.close_watch_minutes, schedule.total_minutes)),
        "vital_signs": [
            {"at": at(sign.minute), "until": None if sign.until is None else at(sign.until), "why": sign.why}
            for sign in schedule.vital_signs
        ],
        "vials": None
        if schedule.vials is None
        else [{"grams": grams, "count": count} for grams, count in schedule.vials.counts],
        "waste_g": schedule.waste_g,
        "whole_vials": None
        if schedule.suggestion is None
        else {
            "dose_g": schedule.suggestion.grams,
            "dose_g_per_kg": schedule.suggestion.g_per_kg,
            "vials": [{"grams": grams, "count": count} for grams, count in schedule.suggestion.vials.counts],
        },
        "notes": list(schedule.notes),
    }
