"""The HTML report as a reader has it: in a real browser."""
