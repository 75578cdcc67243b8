"""The unattended run: inbox, lock, reports, delta, status."""
