"""What makes a site of executed chapters: they are prepared for Sphinx, which does the rest."""
