"""What several tests of the library need."""

import pytest


@pytest.fixture
def quiet():
    """Transformers says nothing below an error."""
    import transformers  # here: most tests need no quiet, and some no Transformers

    level = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    yield
    transformers.logging.set_verbosity(level)
