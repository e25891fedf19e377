"""The object graph: which adapter stands behind which port. The only place that knows them all."""

import asyncio

from dependency_injector import containers, providers

from mediaport.adapters.inprocess.media_events import InProcessMediaEvents
from mediaport.adapters.inprocess.rate_limiter import InProcessRateLimiter
from mediaport.adapters.inprocess.recent_users import RecentUsers
from mediaport.adapters.inprocess.thumbnail_queue import InProcessThumbnailQueue
from mediaport.adapters.pillow.decoding.pool import Decoders, Limits
from mediaport.adapters.pillow.images import PillowImages
from mediaport.adapters.security.passwords import Argon2Passwords
from mediaport.adapters.sql.attachment_repository import SqlAttachmentRepository
from mediaport.adapters.sql.clock import DatabaseClock
from mediaport.adapters.sql.inventory import SqlInventory
from mediaport.adapters.sql.leases import SqlLeases
from mediaport.adapters.sql.media_repository import SqlMediaRepository
from mediaport.adapters.sql.post_repository import SqlPostRepository
from mediaport.adapters.sql.remake_repository import SqlRemakeRepository
from mediaport.adapters.sql.user_repository import SqlUserRepository
from mediaport.adapters.system.clock import SystemClock
from mediaport.adapters.telemetry.object_store import MeasuredStore
from mediaport.adapters.telemetry.use_cases import (
    ToldCompleteUpload,
    ToldMakeThumbnails,
    ToldPresignUpload,
    ToldSweep,
)
from mediaport.application.media.attach_media import AttachMedia
from mediaport.application.media.compare_bucket import CompareBucket
from mediaport.application.media.delete_media import DeleteMedia
from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.describe_media import DescribeMedia
from mediaport.application.media.make_next_thumbnails import MakeNextThumbnails, Round
from mediaport.application.media.publish_thumbnails import PublishThumbnails
from mediaport.application.media.reconcile import Reconcile
from mediaport.application.media.remake_thumbnails import RemakeThumbnails
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.media.show_media import ShowMedia
from mediaport.application.media.signed_urls import SignedUrls
from mediaport.application.posts.comment_on_post import CommentOnPost
from mediaport.application.posts.create_post import CreatePost
from mediaport.application.posts.delete_post import DeletePost
from mediaport.application.posts.like_post import LikePost
from mediaport.application.posts.list_comments import ListComments
from mediaport.application.posts.list_feed import ListFeed
from mediaport.application.users.authenticate import Authenticate
from mediaport.application.users.log_in import LogIn
from mediaport.application.users.owners import Owners
from mediaport.application.users.register import Register
from mediaport.application.users.set_avatar import SetAvatar
from mediaport.entrypoints import parts
from mediaport.entrypoints.secret import secret_of
from mediaport.entrypoints.settings import Settings


class Container(containers.DeclarativeContainer):
    """One graph per process. Tests override single providers with fakes."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    policy = providers.Singleton(parts.upload_policy, settings)
    prefixes = providers.Singleton(parts.key_prefixes, settings)
    secret = providers.Singleton(secret_of, settings)

    database = providers.Singleton(parts.database, settings)
    host_clock = providers.Singleton(SystemClock)
    database_clock = providers.Singleton(DatabaseClock, database)
    clock = providers.Selector(
        providers.Callable(parts.which, settings.provided.database_url),
        own=host_clock,
        real=database_clock,
    )
    leases = providers.Singleton(SqlLeases, database)
    media = providers.Singleton(SqlMediaRepository, database)
    users = providers.Singleton(SqlUserRepository, database)
    recent_users = providers.Singleton(RecentUsers, users)
    # Of an app that this is built into; the product itself has none.
    owners = providers.Singleton(Owners, users, clock)
    recent_owners = providers.Singleton(RecentUsers, owners)
    posts = providers.Singleton(SqlPostRepository, database)
    attachments = providers.Singleton(SqlAttachmentRepository, database)
    remakes = providers.Singleton(SqlRemakeRepository, database)
    inventory = providers.Singleton(SqlInventory, database)
    # What only commands do is imported when they ask for it; servers are smaller without.
    belongings = providers.Singleton(
        parts.late("mediaport.adapters.sql.belongings", "SqlBelongings"), database
    )
    public_urls = providers.Singleton(
        parts.late("mediaport.adapters.sql.public_urls", "SqlPublicUrls"), database
    )

    folder = providers.Singleton(parts.object_folder, settings)
    signer = providers.Singleton(parts.upload_signer, secret)
    disk_store = providers.Singleton(parts.disk_store, settings, folder, signer, prefixes)
    disk_store_server = providers.Singleton(
        parts.disk_store_server, settings, folder, signer, clock, prefixes
    )
    s3_connection = providers.Singleton(parts.s3_connection, settings)
    s3_store = providers.Singleton(parts.s3_store, settings, s3_connection, prefixes)
    store = providers.Singleton(
        MeasuredStore,
        providers.Selector(
            providers.Callable(parts.which, settings.provided.s3_bucket),
            own=disk_store,
            real=s3_store,
        ),
    )
    # Asked for where nothing is public.
    url_signer = providers.Selector(
        providers.Callable(parts.who_verifies, settings),
        disk=providers.Singleton(parts.disk_url_signer, settings, signer),
        s3=providers.Singleton(parts.s3_url_signer, s3_connection),
        cloudfront=providers.Singleton(parts.cloudfront_url_signer, settings),
    )
    signed_urls = providers.Singleton(
        SignedUrls,
        url_signer,
        clock,
        prefixes,
        ttl_s=settings.provided.media_signed_url_ttl_s,
    )

    decoders = providers.Singleton(
        Decoders,
        count=settings.provided.thumbnail_workers,
        limits=providers.Callable(
            Limits.of,
            max_pixels=settings.provided.media_max_pixels,
            sizes=settings.provided.media_thumbnail_sizes,
        ),
    )
    images = providers.Singleton(
        PillowImages,
        decoders,
        max_pixels=settings.provided.media_max_pixels,
        quality=settings.provided.media_thumbnail_quality,
        metadata=settings.provided.media_metadata,
    )
    passwords = providers.Singleton(Argon2Passwords)
    tokens = providers.Singleton(parts.jwt_tokens, settings, secret)

    own_rate_limiter = providers.Singleton(InProcessRateLimiter)
    redis_rate_limiter = providers.Singleton(parts.redis_rate_limiter, settings, own_rate_limiter)
    rate_limiter = providers.Selector(
        providers.Callable(parts.which, settings.provided.redis_url),
        own=own_rate_limiter,
        real=redis_rate_limiter,
    )

    own_media_events = providers.Singleton(InProcessMediaEvents)
    redis_media_events = providers.Singleton(parts.redis_media_events, settings, own_media_events)
    media_events = providers.Selector(
        providers.Callable(parts.which, settings.provided.redis_url),
        own=own_media_events,
        real=redis_media_events,
    )

    publish_thumbnails = providers.Singleton(PublishThumbnails, media, store, images, policy)
    make_thumbnails = providers.Singleton(
        ToldMakeThumbnails, media, publish_thumbnails, media_events, clock, policy
    )
    # Jobs from Redis and what the sweep finds share the turns, and one round.
    turns_at_once = providers.Callable(parts.turns_at_once, settings)
    turns = providers.Singleton(asyncio.Semaphore, turns_at_once)
    make_next_thumbnails = providers.Singleton(
        MakeNextThumbnails, media, make_thumbnails, clock, turns, providers.Singleton(Round)
    )
    own_queue = providers.Singleton(
        InProcessThumbnailQueue, make_next_thumbnails, concurrency=turns_at_once
    )
    redis_queue = providers.Singleton(parts.redis_queue, settings)
    redis_worker = providers.Singleton(parts.redis_worker, settings, make_next_thumbnails)
    queue_pages = providers.Singleton(parts.queue_pages, settings, redis_queue)
    queue = providers.Selector(
        providers.Callable(parts.which, settings.provided.redis_url),
        own=own_queue,
        real=redis_queue,
    )

    plan = providers.Singleton(DeletionPlan, policy)
    remake_thumbnails = providers.Singleton(
        RemakeThumbnails, media, remakes, publish_thumbnails, media_events, clock, policy, plan
    )
    remove_objects = providers.Singleton(RemoveObjects, media, store, clock)
    presign_upload = providers.Singleton(ToldPresignUpload, media, store, clock, policy, prefixes)
    complete_upload = providers.Singleton(
        ToldCompleteUpload,
        media,
        store,
        images,
        queue,
        media_events,
        clock,
        policy,
        prefixes,
        plan,
        remove_objects,
    )
    rewrite_urls = providers.Singleton(
        parts.late("mediaport.application.media.rewrite_urls", "RewriteUrls"), public_urls, store
    )
    show_media = providers.Singleton(ShowMedia, media)
    describe_media = providers.Singleton(DescribeMedia, media)
    delete_media = providers.Singleton(DeleteMedia, media, clock, plan, remove_objects)
    attach_media = providers.Singleton(AttachMedia, attachments, media, clock, plan, remove_objects)
    # What the sweep finds owed is made by the process that sweeps, whatever Redis has forgotten.
    sweep = providers.Singleton(
        ToldSweep, media, leases, own_queue, clock, policy, plan, remove_objects
    )

    compare_bucket = providers.Singleton(
        CompareBucket, store, inventory, media, clock, policy, prefixes
    )
    reconcile = providers.Singleton(
        Reconcile, compare_bucket, inventory, remove_objects, clock, policy, plan
    )

    create_post = providers.Singleton(CreatePost, posts, media, clock)
    delete_post = providers.Singleton(DeletePost, posts, media, clock, plan, remove_objects)
    list_feed = providers.Singleton(ListFeed, posts, users)
    like_post = providers.Singleton(LikePost, posts, clock)
    comment_on_post = providers.Singleton(CommentOnPost, posts, clock)
    list_comments = providers.Singleton(ListComments, posts)

    register_user = providers.Singleton(
        Register,
        users,
        passwords,
        tokens,
        clock,
        password_min_length=settings.provided.password_min_length,
    )
    log_in_user = providers.Singleton(LogIn, users, passwords, tokens, clock)
    authenticate = providers.Singleton(Authenticate, recent_users, tokens, clock)
    set_avatar = providers.Singleton(SetAvatar, users, media, clock, plan, remove_objects)
    delete_user = providers.Singleton(
        parts.late("mediaport.application.users.delete_user", "DeleteUser"),
        users,
        belongings,
        clock,
        plan,
        remove_objects,
        set_avatar,
    )
    export_user = providers.Singleton(
        parts.late("mediaport.application.users.export_user", "ExportUser"),
        users,
        belongings,
        media,
        store,
    )
    check_archive = providers.Singleton(
        parts.late("mediaport.application.users.check_archive", "CheckArchive"),
        images,
        clock,
        policy,
        prefixes,
    )
    import_user = providers.Singleton(
        parts.late("mediaport.application.users.import_user", "ImportUser"),
        users,
        posts,
        belongings,
        store,
        presign_upload,
        complete_upload,
        describe_media,
        set_avatar,
    )
