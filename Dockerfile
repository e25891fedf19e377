# The API, the worker and the other commands as one image. By itself it needs nothing else:
#
#   docker build --tag mediaport .
#   docker run --init -p 127.0.0.1:8000:8000 -v mediaport:/data mediaport serve --migrate
#
# compose.yaml has it with PostgreSQL, Redis and an S3 store.

FROM node:22-slim AS page
WORKDIR /build/frontend

COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund

COPY frontend ./
RUN npm run build


FROM python:3.13-slim AS builder
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/opt/mediaport
WORKDIR /build

COPY requirements/bootstrap.txt requirements/
RUN pip install --require-hashes --requirement requirements/bootstrap.txt

# Before the code, which changes more often. No wheel, no image: nothing is compiled here.
COPY requirements/run.txt requirements/
RUN uv venv --python "$(command -v python)" "$VIRTUAL_ENV" \
    && uv pip install --require-hashes --no-build --requirements requirements/run.txt

# dev.txt holds the hashes of what builds the wheel.
COPY requirements/dev.txt requirements/
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY migrations migrations
COPY --from=page /build/src/entrypoints/http/page src/entrypoints/http/page
RUN uv build --wheel --require-hashes --build-constraints requirements/dev.txt --out-dir dist \
    && uv pip install --no-deps dist/*.whl


FROM python:3.13-slim
RUN groupadd --gid 10001 mediaport \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data mediaport \
    && install --directory --owner=10001 --group=10001 /data
COPY --from=builder /opt/mediaport /opt/mediaport

# HOST: from outside the container, its loopback is not reached.
ENV PATH=/opt/mediaport/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    DATA_DIR=/data

# For the embedded database and store. Mount a volume here: a new one takes over the owner. It is
# no VOLUME: workers keep nothing here, and each would leave a nameless one behind.
WORKDIR /data
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Of the API. A worker needs its own, as it has in compose.yaml.
HEALTHCHECK --interval=10s --timeout=10s --retries=3 --start-period=30s \
    CMD ["mediaport", "serve", "--check"]
ENTRYPOINT ["mediaport"]
CMD ["serve"]
