"""A database with plenty in it, made by SQL alone: as many posts as one likes, with pictures."""

import asyncpg
from sqlalchemy.engine import make_url

PLENTY = """
    SET session_replication_role = replica;  -- no triggers, and no keys checked row by row
    INSERT INTO users (id, username, password_hash, created_at)
    SELECT n, 'user_' || n, 'no password', now() - interval '2 years'
    FROM generate_series(1, {users}) AS n;

    INSERT INTO media (
        id, owner_id, kind, status, bucket, incoming_key, object_key, public_url, content_type,
        size_bytes, alt, etag, width, height, placeholder, variants, thumbnails_status, created_at,
        expires_at, ready_at
    )
    SELECT n, owner, kind, 'ready', 'media', 'incoming/' || path, 'public/' || path,
        'https://cdn.example.com/public/' || path, 'image/jpeg', 2400000, 'A photo, number ' || n,
        md5(n::text), 4032, 3024, 'k4gGBQAXh3d4h3iHeIeHd3iA+GCP',
        '[[128,128,96,6400],[512,512,384,25600],[1024,1024,768,51200]]', 'ready', at, at, at
    FROM (
        SELECT n, kind, owner, owner || '/' || n || '/' || md5('name' || n) || '.jpg' AS path,
            now() - interval '1 year' * random() AS at
        FROM (
            SELECT n, 'post_image' AS kind, 1 + n % {users} AS owner
            FROM generate_series(1, {posts}) AS n
            UNION ALL
            SELECT {posts} + n, 'avatar', n FROM generate_series(1, {users}) AS n
        ) AS owned
    ) AS placed;
    UPDATE users SET avatar_media_id = {posts} + id;

    INSERT INTO media_variants (media_id, size, object_key, url, width, height, size_bytes)
    SELECT id, size, replace(object_key, '.jpg', '_' || size || '.webp'),
        replace(public_url, '.jpg', '_' || size || '.webp'), size, size * 3 / 4, size * 50
    FROM media, (VALUES (128), (512), (1024)) AS sizes (size);

    INSERT INTO posts (id, owner_id, body, media_id, like_count, comment_count, created_at)
    SELECT id, owner_id, 'Post ' || id || '. What a day it was, and what a view.', id,
        id % 3, id % 2, created_at
    FROM media WHERE kind = 'post_image';

    INSERT INTO attachments (place, media_id, attached_at)
    SELECT 'posts/' || id || '/cover', id, now() FROM media WHERE kind = 'post_image';

    INSERT INTO likes (post_id, user_id, created_at)
    SELECT id, 1 + (id * 7 + n) % {users}, now()
    FROM posts, generate_series(1, 2) AS n WHERE n <= like_count;
    INSERT INTO comments (id, post_id, author_id, body, created_at)
    SELECT id, id, 1 + id % {users}, 'Lovely.', now() FROM posts WHERE comment_count = 1;

    INSERT INTO media_usage
    SELECT owner_id, 0, 0, sum(size_bytes) FROM media GROUP BY owner_id;
    SELECT setval(pg_get_serial_sequence(name, 'id'), {posts} + {users} + 1)
    FROM (VALUES ('users'), ('media'), ('posts'), ('comments')) AS sequences (name);
    SET session_replication_role = DEFAULT;
"""


async def fill(url: str, *, posts: int, users: int) -> None:
    """Put posts in, each with media and variants, and users with avatars: 0.1 ms each."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain, command_timeout=600)
    try:
        await connection.execute(PLENTY.format(posts=posts, users=users))
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
