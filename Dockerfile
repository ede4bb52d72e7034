# backend: the API, for production. dev: the local Cognito and the stream trigger. dynamodb: the engine of
# docker-compose.yml. Pinned by version here; what is installed is pinned by hash in the lock files.

FROM amazon/dynamodb-local:3.3.1 AS dynamodb
# The server runs as dynamodblocal. A fresh named volume takes the owner of the folder that it is mounted on, if the
# image has that folder; else it belongs to root, and the server cannot open its database file.
RUN mkdir /home/dynamodblocal/data && chown dynamodblocal:dynamodblocal /home/dynamodblocal/data


FROM node:24.19.0-trixie-slim AS client
WORKDIR /client
COPY frontend_react_js/package.json frontend_react_js/package-lock.json frontend_react_js/.npmrc ./
RUN npm ci
COPY frontend_react_js ./
# The stories, which tsconfig.json names too, are no part of it.
RUN npx vite build


FROM python:3.13.16-slim-trixie AS python


FROM python AS packages
WORKDIR /build
COPY requirements.txt requirements-otel.txt ./
# With `--build-arg LOCK=requirements-otel.txt` OpenTelemetry comes along.
ARG LOCK=requirements.txt
RUN python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --no-cache-dir --only-binary :all: --require-hashes --requirement "$LOCK"


FROM packages AS packages-dev
COPY requirements-dev.txt ./
RUN pip --python /venv/bin/python install --no-cache-dir --require-hashes --requirement requirements-dev.txt


# What runs has nothing to install with.
FROM python AS base
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN pip uninstall --yes --root-user-action ignore pip \
 && groupadd --gid 10001 cruddur \
 && useradd --uid 10001 --gid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin cruddur
WORKDIR /app


FROM base AS app
COPY backend_flask backend_flask
COPY cli cli
COPY db db


FROM app AS dev
COPY --from=packages-dev /venv /venv
COPY dev dev
COPY lambdas lambdas
COPY bin bin
# As above: the volumes of what the trigger and Cognito remember belong to whoever runs them.
RUN install --directory --owner=10001 --group=10001 .dev .dev/trigger .dev/cognito
USER 10001:10001
CMD ["python", "-m", "dev.trigger"]


FROM app AS backend
COPY --from=packages /venv /venv
COPY --from=client /client/dist frontend_react_js/dist
COPY bin/bootstrap bin/doctor bin/
COPY bin/cognito bin/cognito
COPY bin/db bin/db
COPY bin/ddb bin/ddb
USER 10001:10001
ENV HOST=0.0.0.0 PORT=4567
EXPOSE 4567
HEALTHCHECK --interval=10s --timeout=4s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as http; http.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/api/health-check', timeout=3)"]
CMD ["python", "-m", "gunicorn", "--config", "backend_flask/gunicorn.conf.py", "backend_flask.app:from_environment()"]
