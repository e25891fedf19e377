"""The peer: FastAPI, SQLAlchemy's ORM, PyJWT and boto3, written as well as they allow."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from bench.peers import models, schemas, settings, storage

engine = create_async_engine(
    settings.DATABASE_URL.replace("postgresql://", "postgresql+asyncpg://"), pool_size=10
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


async def new_session() -> AsyncIterator[AsyncSession]:
    """A session for one request."""
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(new_session)]
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


async def current_user(bearer: Bearer, session: Session) -> models.User:
    """Whose token it is."""
    try:
        claims = jwt.decode(
            bearer.credentials,
            settings.JWT_SECRET,
            algorithms=["HS256"],
            audience=settings.AUDIENCE,
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(401) from error
    user = await session.get(models.User, int(claims["sub"]))
    if user is None:
        raise HTTPException(401)
    return user


Caller = Annotated[models.User, Depends(current_user)]


def seen_with() -> list[ORMOption]:
    """What a page shows besides its posts."""
    owner = joinedload(models.Post.owner, innerjoin=True).joinedload(models.User.avatar)
    media = joinedload(models.Post.media)
    return [
        owner.selectinload(models.Media.variants),
        media.selectinload(models.Media.variants),
    ]


@app.post("/media/presign", status_code=201)
async def presign(
    data: schemas.PresignRequest, user: Caller, session: Session
) -> schemas.Presigned:
    """Keep a pending media item and sign a URL."""
    if data.content_type not in settings.EXTENSIONS:
        raise HTTPException(415)
    now = datetime.now(UTC)
    path = f"{user.id}/{uuid4().hex}.{settings.EXTENSIONS[data.content_type]}"
    key = f"public/media/{path}"
    media = models.Media(
        owner_id=user.id,
        kind=data.kind,
        bucket=settings.S3_BUCKET,
        incoming_key=f"incoming/{path}",
        object_key=key,
        public_url=f"{settings.PUBLIC_BASE_URL}/{key}",
        content_type=data.content_type,
        size_bytes=data.size_bytes,
        created_at=now,
        expires_at=now + settings.PENDING_TTL,
    )
    session.add(media)
    await session.commit()
    url = storage.create_presigned_put_url(media.incoming_key, data.content_type, data.size_bytes)
    return schemas.Presigned(
        media_id=media.id,
        status=media.status,
        kind=media.kind,
        upload_url=url,
        public_url=media.public_url,
        upload=schemas.UploadInstructions(
            method="PUT",
            url=url,
            headers={"Content-Type": data.content_type},
            expires_at=now + timedelta(seconds=settings.URL_TTL_S),
            expires_in=settings.URL_TTL_S,
        ),
    )


@app.post("/media/{media_id}/complete")
async def complete(media_id: int, user: Caller, session: Session) -> schemas.Media:
    """Verify what was uploaded by its beginning, and publish what has that ETag."""
    media = await session.get(models.Media, media_id, options=[selectinload(models.Media.variants)])
    if media is None or media.owner_id != user.id:
        raise HTTPException(404)
    if media.status != "ready":
        incoming = media.incoming_key
        size_bytes, content_type, etag = await storage.head(incoming)
        found, width, height = await storage.picture_size(incoming)
        if (size_bytes, content_type, found) != (media.size_bytes, found, media.content_type):
            raise HTTPException(422)
        etag = await storage.copy(incoming, media.object_key, etag=etag, content_type=content_type)
        media.status, media.etag, media.ready_at = "ready", etag, datetime.now(UTC)
        media.width, media.height = width, height
        await session.commit()
        await storage.remove(media.incoming_key)
    return schemas.Media.of(media)


@app.get("/posts/")
async def feed(
    user: Caller, session: Session, limit: int = settings.PAGE, cursor: str | None = None
) -> schemas.PostPage:
    """Everyone's posts, newest first."""
    place = models.Post.created_at, models.Post.id
    # Written out: with a bound limit PostgreSQL soon takes a plan that joins whole tables.
    page = select(models.Post).options(*seen_with()).limit(literal_column(str(limit + 1)))
    page = page.order_by(*(column.desc() for column in place))
    if cursor:
        page = page.where(tuple_(*place) < tuple_(*settings.from_cursor(cursor)))
    found = (await session.scalars(page)).all()
    posts = found[:limit]
    liked = select(models.Like.post_id).where(
        models.Like.user_id == user.id, models.Like.post_id.in_([post.id for post in posts])
    )
    mine = set(await session.scalars(liked))
    goes_on = len(found) > limit
    return schemas.PostPage(
        items=[schemas.Post.of(post, liked_by_me=post.id in mine) for post in posts],
        next_cursor=settings.to_cursor(posts[-1].created_at, posts[-1].id) if goes_on else None,
    )


@app.post("/posts/", status_code=201)
async def publish(data: schemas.PostCreate, user: Caller, session: Session) -> schemas.Post:
    """Publish text."""
    post = models.Post(owner_id=user.id, body=data.body, created_at=datetime.now(UTC))
    session.add(post)
    await session.commit()
    shown = select(models.Post).options(*seen_with()).where(models.Post.id == post.id)
    again = shown.execution_options(populate_existing=True)
    return schemas.Post.of((await session.scalars(again)).one(), liked_by_me=False)


@app.get("/users/{username}")
async def profile(username: str, _: Caller, session: Session) -> schemas.Profile:
    """Someone's profile."""
    avatar = joinedload(models.User.avatar).selectinload(models.Media.variants)
    found = select(models.User).options(avatar).where(models.User.username == username)
    someone = await session.scalar(found.execution_options(populate_existing=True))
    if someone is None:
        raise HTTPException(404)
    return schemas.Profile.of(someone)
