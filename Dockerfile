# The product as an image: docs/deployment.md tells how it is run, and script/image-check
# carries out every step of this file in a clean system.

# The tag takes in security fixes with each build. For builds that repeat to the byte:
# --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:…
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --quiet --require-hashes -r requirements.txt \
    && /venv/bin/pip uninstall --quiet --yes hf_xet setuptools pip

FROM ${PYTHON_IMAGE}
# Languages of scanned pages, as the setting of the same name has them: eng+deu.
ARG RECOGNITION_LANGUAGES=eng
RUN packages=$(echo "$RECOGNITION_LANGUAGES" | tr '+_' '\n-' | sed 's/^/tesseract-ocr-/') \
    && apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends \
        ca-certificates tesseract-ocr $packages \
    && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log
RUN groupadd --gid 10001 ragsite \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent ragsite \
    && install -d -m 700 -o 10001 -g 10001 /data /secrets /backups
COPY --from=build /venv /venv
COPY . /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data HOST=0.0.0.0 PORT=5000
# The settings want secrets and a place for data: these are made up, and gone with the command.
# The files may come from a checkout that only its owner could read.
RUN SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(48))') \
    DATABASE_KEY=$(python -c 'import secrets; print(secrets.token_hex())') \
    DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build \
    && python -m compileall -q . \
    && chmod -R u=rwX,go=rX .
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME ["/data", "/secrets"]
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-P", "ragsite/ops/alive.py"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "manage.py"]
CMD ["serve", "web"]
