FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --quiet --require-hashes -r requirements.txt \
    && /venv/bin/pip uninstall --quiet --yes setuptools pip

FROM python:3.11-slim
RUN groupadd --gid 10001 ragsite \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent ragsite \
    && install -d -m 700 -o 10001 -g 10001 /data /secrets
COPY --from=build /venv /venv
COPY . /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data HOST=0.0.0.0 PORT=5000
# The settings want secrets and a place for data. These are made up, and gone with the command.
RUN SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(48))') \
    DATABASE_KEY=$(python -c 'import secrets; print(secrets.token_hex())') \
    DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build \
    && python -m compileall -q .
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME ["/data", "/secrets"]
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-P", "ragsite/ops/alive.py"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "manage.py"]
CMD ["serve", "web"]
