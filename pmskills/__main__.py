"""`python -m pmskills`."""

from pmskills.cli import app

app(prog_name="pmskills")
