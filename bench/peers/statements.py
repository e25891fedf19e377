"""The floor's statements: PostgreSQL finds the rows, and writes the JSON that is answered."""
# ruff: noqa: S608 - made of what stands here


def _thumbnail(it: str, size: int) -> str:
    """Its URL: here all pictures are JPEGs, and all have all sizes."""
    return f"left({it}.public_url, -4) || '_{size}.webp'"


def _media(it: str) -> str:
    """A media item that is ready."""
    same = (
        *("id", "kind", "status", "content_type", "size_bytes", "width", "height", "alt"),
        *("placeholder", "public_url", "thumbnails_status", "thumbnails_error", "created_at"),
    )
    own = ", ".join(f"'{name}', {it}.{name}" for name in same)
    thumbs = ", ".join(f"'thumb_{size}_url', {_thumbnail(it, size)}" for size in (128, 512, 1024))
    return f"""CASE WHEN {it}.id IS NOT NULL THEN json_build_object({own},
        'media_url', {it}.public_url, 'original_url', {it}.public_url,
        {thumbs}) END"""


_PERSON = f"""'id', owner.id, 'username', owner.username, 'avatar_url', avatar.public_url,
    'avatar_thumb_url', {_thumbnail("avatar", 128)}"""
_AVATAR = "LEFT JOIN media AS avatar ON avatar.id = owner.avatar_media_id"
_POST = f"""json_build_object('id', post.id, 'body', post.body,
    'owner', json_build_object({_PERSON}), 'media_id', post.media_id,
    'media_url', picture.public_url, 'media', {_media("picture")},
    'like_count', post.like_count, 'comment_count', post.comment_count,
    'liked_by_me', liked.user_id IS NOT NULL, 'created_at', post.created_at)::text"""


def _page(where: str) -> str:
    return f"""SELECT {_POST} AS item, post.created_at, post.id
    FROM (SELECT * FROM posts {where} ORDER BY created_at DESC, id DESC LIMIT 20) AS post
    JOIN users AS owner ON owner.id = post.owner_id
    {_AVATAR}
    LEFT JOIN media AS picture ON picture.id = post.media_id
    LEFT JOIN likes AS liked ON liked.post_id = post.id AND liked.user_id = $1
    ORDER BY post.created_at DESC, post.id DESC"""


NEWEST = _page("")
OLDER = _page("WHERE (created_at, id) < ($2, $3)")
PROFILE = f"""SELECT json_build_object({_PERSON}, 'created_at', owner.created_at,
    'avatar', {_media("avatar")})::text
    FROM users AS owner {_AVATAR}
    WHERE owner.username = $1"""
PUBLISH = f"""WITH post AS (
        INSERT INTO posts (owner_id, body, created_at) VALUES ($1, $2, $3)
        RETURNING id, owner_id, body, created_at
    ) SELECT json_build_object('id', post.id, 'body', post.body,
        'owner', json_build_object({_PERSON}), 'media_id', null, 'media_url', null, 'media', null,
        'like_count', 0, 'comment_count', 0, 'liked_by_me', false,
        'created_at', post.created_at)::text
    FROM post JOIN users AS owner ON owner.id = post.owner_id {_AVATAR}"""
PRESIGN = """INSERT INTO media (owner_id, kind, status, thumbnails_status, bucket, incoming_key,
        object_key, public_url, content_type, size_bytes, created_at, expires_at)
    VALUES ($1, $2, 'pending', 'pending', $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id"""
