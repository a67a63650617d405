"""What the window's tests share."""

import pytest

from tests.ui.fake_studio import FakeStudio


@pytest.fixture
def studio() -> FakeStudio:
    return FakeStudio()
