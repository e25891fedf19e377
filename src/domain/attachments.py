"""Places of an app that Mediaport is built into, each of which shows one media item."""

from typing import NewType

from mediaport.domain.errors import TextUnfit
from mediaport.domain.text import check_text

Place = NewType("Place", str)
"""What the app calls the place, such as `profiles/7/banner`: it alone knows what that is."""

PLACE_MAX_LENGTH = 200


def check_place(place: Place) -> None:
    """Let pass what can be the name of a place.

    Raises:
        TextUnfit: It is empty, too long, or no text.
    """
    if not place:
        raise TextUnfit("place", reason="is empty")
    check_text("place", place, max_length=PLACE_MAX_LENGTH)
