"""What makes pages of executed chapters."""
