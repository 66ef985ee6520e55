"""`python -m workshop …` is the command line `course`, also where its script is not found, as in a moved folder."""

from workshop.cli import app

app()
