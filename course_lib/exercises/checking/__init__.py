"""How an answer is checked: run safely, compared with ours, its mistake found. No exercise is declared here."""
