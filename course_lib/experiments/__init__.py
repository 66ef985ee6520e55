"""What chapters 03 and 07 measure: a file an experiment, and the records of those that take longer than a chapter."""
