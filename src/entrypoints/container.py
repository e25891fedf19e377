"""The object graph: which adapter stands behind which port. The only place that knows them all."""

import hashlib
import hmac

from dependency_injector import containers, providers
from sqlalchemy import URL

from mediaport.adapters.disk.folder import ObjectFolder
from mediaport.adapters.disk.object_store import DiskObjectStore
from mediaport.adapters.disk.server import DiskStoreServer
from mediaport.adapters.disk.signing import UploadSigner
from mediaport.adapters.inprocess.thumbnail_queue import InProcessThumbnailQueue
from mediaport.adapters.pillow.images import PillowImages
from mediaport.adapters.security.passwords import Argon2Passwords
from mediaport.adapters.security.tokens import JwtTokens
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.media_repository import SqlMediaRepository
from mediaport.adapters.sql.post_repository import SqlPostRepository
from mediaport.adapters.sql.user_repository import SqlUserRepository
from mediaport.adapters.system.clock import SystemClock
from mediaport.application.media.complete_upload import CompleteUpload
from mediaport.application.media.delete_media import DeleteMedia
from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.describe_media import DescribeMedia
from mediaport.application.media.make_thumbnails import MakeThumbnails
from mediaport.application.media.presign_upload import PresignUpload
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.media.show_media import ShowMedia
from mediaport.application.media.sweep import Sweep
from mediaport.application.posts.comment_on_post import CommentOnPost
from mediaport.application.posts.create_post import CreatePost
from mediaport.application.posts.delete_post import DeletePost
from mediaport.application.posts.like_post import LikePost
from mediaport.application.posts.list_comments import ListComments
from mediaport.application.posts.list_feed import ListFeed
from mediaport.application.users.authenticate import Authenticate
from mediaport.application.users.log_in import LogIn
from mediaport.application.users.register import Register
from mediaport.application.users.set_avatar import SetAvatar
from mediaport.domain.keys import KeyPrefixes
from mediaport.domain.policy import Kind, UploadPolicy
from mediaport.entrypoints.settings import Settings, secret_of

THUMBNAIL_SIZES = (128, 512, 1024)


def upload_policy(settings: Settings) -> UploadPolicy:
    """The limits that the settings give."""
    return UploadPolicy(
        max_bytes={
            Kind.POST_IMAGE: settings.media_max_bytes_post,
            Kind.AVATAR: settings.media_max_bytes_avatar,
        },
        max_pixels=settings.media_max_pixels,
        max_pending=settings.media_max_pending,
        url_ttl_s=settings.media_upload_url_ttl_s,
        pending_ttl_s=settings.media_pending_ttl_s,
        thumbnail_sizes=THUMBNAIL_SIZES,
    )


def database_url(settings: Settings) -> URL:
    """The embedded database, as SQLAlchemy names it."""
    return URL.create("sqlite+aiosqlite", database=str(settings.database_path))


def key_prefixes(settings: Settings) -> KeyPrefixes:
    """The halves of the bucket that the settings give."""
    return KeyPrefixes(incoming=settings.s3_incoming_prefix, public=settings.s3_public_prefix)


def object_folder(settings: Settings) -> ObjectFolder:
    """The folder of the embedded object store."""
    return ObjectFolder(settings.data_path / "objects")


def upload_signer(secret: str) -> UploadSigner:
    """A signer whose key is derived, so that no upload signature says anything of the tokens'."""
    return UploadSigner(hmac.digest(secret.encode(), b"mediaport embedded uploads", hashlib.sha256))


def disk_store(
    settings: Settings, folder: ObjectFolder, signer: UploadSigner, prefixes: KeyPrefixes
) -> DiskObjectStore:
    """The embedded object store."""
    return DiskObjectStore(
        folder,
        signer,
        upload_base_url=settings.upload_base_url,
        public_base_url=settings.public_base_url,
        prefixes=prefixes,
    )


def jwt_tokens(settings: Settings, secret: str) -> JwtTokens:
    """Tokens that live as long as the settings say."""
    return JwtTokens(secret, expires_in_s=settings.jwt_ttl_s)


class Container(containers.DeclarativeContainer):
    """One graph per process. Tests override single providers with fakes."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    policy = providers.Singleton(upload_policy, settings)
    prefixes = providers.Singleton(key_prefixes, settings)
    secret = providers.Singleton(secret_of, settings)
    clock = providers.Singleton(SystemClock)

    database = providers.Singleton(Database, providers.Callable(database_url, settings))
    media = providers.Singleton(SqlMediaRepository, database)
    users = providers.Singleton(SqlUserRepository, database)
    posts = providers.Singleton(SqlPostRepository, database)

    folder = providers.Singleton(object_folder, settings)
    signer = providers.Singleton(upload_signer, secret)
    store = providers.Singleton(disk_store, settings, folder, signer, prefixes)
    store_server = providers.Singleton(DiskStoreServer, folder, signer, clock, prefixes)

    images = providers.Singleton(
        PillowImages,
        max_pixels=settings.provided.media_max_pixels,
        threads=settings.provided.thumbnail_workers,
    )
    passwords = providers.Singleton(Argon2Passwords)
    tokens = providers.Singleton(jwt_tokens, settings, secret)

    make_thumbnails = providers.Singleton(MakeThumbnails, media, store, images, clock, policy)
    queue = providers.Singleton(
        InProcessThumbnailQueue,
        make_thumbnails,
        concurrency=settings.provided.thumbnail_workers,
    )

    plan = providers.Singleton(DeletionPlan, policy)
    remove_objects = providers.Singleton(RemoveObjects, media, store, clock)
    presign_upload = providers.Singleton(PresignUpload, media, store, clock, policy, prefixes)
    complete_upload = providers.Singleton(
        CompleteUpload, media, store, images, queue, clock, policy, plan
    )
    show_media = providers.Singleton(ShowMedia, media)
    describe_media = providers.Singleton(DescribeMedia, media)
    delete_media = providers.Singleton(DeleteMedia, media, clock, plan, remove_objects)
    sweep = providers.Singleton(Sweep, media, queue, clock, policy, plan, remove_objects)

    create_post = providers.Singleton(CreatePost, posts, media, clock)
    delete_post = providers.Singleton(DeletePost, posts, media, clock, plan, remove_objects)
    list_feed = providers.Singleton(ListFeed, posts, users)
    like_post = providers.Singleton(LikePost, posts, clock)
    comment_on_post = providers.Singleton(CommentOnPost, posts, clock)
    list_comments = providers.Singleton(ListComments, posts)

    register_user = providers.Singleton(Register, users, passwords, tokens, clock)
    log_in_user = providers.Singleton(LogIn, users, passwords, tokens, clock)
    authenticate = providers.Singleton(Authenticate, users, tokens, clock)
    set_avatar = providers.Singleton(SetAvatar, users, media, clock, plan, remove_objects)
