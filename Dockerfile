# The portal's image: every process of the Procfile, one a container.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /srv/portal

# Alone, so that a change of the code does not install the lock again.
COPY requirements.txt ./
RUN pip install --require-hashes --only-binary :all: --requirement requirements.txt

COPY manage.py Procfile ./
COPY portal ./portal
COPY declarations ./declarations
COPY reconciliation ./reconciliation
COPY templates ./templates
COPY locale ./locale

# Catalogues and static files belong to the image. The home made on the way, with its keys, does not.
RUN python -m portal.catalogues \
    && PORTAL_HOME=/tmp/build STATIC_ROOT=/srv/static python manage.py collectstatic --noinput \
    && rm -rf /tmp/build

RUN useradd --system --uid 10001 --user-group --no-create-home portal \
    && install --directory --mode 0700 --owner portal --group portal /var/lib/portal

USER portal

ENV HOST=0.0.0.0 \
    PORT=8000 \
    PORTAL_HOME=/var/lib/portal \
    STATIC_ROOT=/srv/static
VOLUME /var/lib/portal
EXPOSE 8000
STOPSIGNAL SIGTERM

CMD ["python", "-m", "portal.serve", "web"]
