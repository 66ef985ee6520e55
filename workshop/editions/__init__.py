"""The forms of a chapter, made from its one source."""
