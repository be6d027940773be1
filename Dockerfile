# Web, worker and beat: one image. Judges reach models by HTTP here; build with
# --build-arg EXTRAS=local to have the local engine (torch, transformers) as well.
FROM python:3.13-slim
ARG EXTRAS=""
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 CONCORD_VAR=/var/lib/concord
WORKDIR /srv/concord
COPY pyproject.toml constraints.txt ./
COPY .ci/requirements.py .ci/requirements.py
RUN python .ci/requirements.py ${EXTRAS} > /tmp/requirements.txt \
    && pip install -c constraints.txt -r /tmp/requirements.txt
COPY . .
RUN useradd --system --home-dir /var/lib/concord concord \
    && install -d -o concord -g concord -m 0700 /var/lib/concord
USER concord
VOLUME /var/lib/concord
EXPOSE 8000
CMD ["sh", "-c", "python manage.py collectstatic --noinput -v0 && exec granian --interface wsgi --host 0.0.0.0 --port 8000 --workers 2 --blocking-threads 8 --no-ws config.wsgi:application"]
