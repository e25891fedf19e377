"""Users take turns at thumbnails, whoever makes them: workers on one queue, each by itself."""

from concurrent.futures import ThreadPoolExecutor

from tests import pictures
from tests.integration.crew import Crew, RealProduct

# Transactions are numbered as they begin to write: what was saved first has the lowest.
SAVED = """
SELECT media.owner_id FROM media JOIN media_variants ON media_id = media.id
WHERE size = 128 ORDER BY media_variants.xmin::text::bigint
"""
MANY, WORKERS, TURNS = 60, 2, 2


def test_one_upload_is_not_behind_sixty_of_another_user(real: dict[str, str], crew: Crew) -> None:
    api = crew.api(**real, MEDIA_MAX_PENDING=str(MANY))
    one, many = crew.user(api), crew.user(api)
    body = pictures.picture(width=600, height=400)
    with ThreadPoolExecutor(4) as clients:
        uploads = list(clients.map(many.upload, [body] * MANY))
        assert {answer.status_code for answer in clients.map(many.complete, uploads)} == {200}
    last = one.upload(body)
    assert one.complete(last).status_code == 200

    for _ in range(WORKERS):
        crew.worker(**real, THUMBNAIL_WORKERS="1")
    one.settled(last)
    for media_id in uploads:
        many.settled(media_id)

    product = RealProduct(real)
    (theirs,) = product.rows(f"SELECT owner_id FROM media WHERE id = {last}")[0]
    saved = [owner for (owner,) in product.rows(SAVED)]
    assert len(saved) == MANY + 1
    # One of them, and all that are in hand at the same time.
    assert saved.index(theirs) <= WORKERS * TURNS + 1
