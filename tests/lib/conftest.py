"""What several tests of the library need."""

import pytest
import transformers


@pytest.fixture
def quiet():
    """Transformers says nothing below an error."""
    level = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    yield
    transformers.logging.set_verbosity(level)
