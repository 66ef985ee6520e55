"""How the course is built: executed, checked, published and measured. No chapter imports it."""
