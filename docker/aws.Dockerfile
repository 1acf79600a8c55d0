# The AWS stand-in with our completions. Built by docker/compose.yaml, context: the project's folder.
FROM python:3.11-slim
WORKDIR /app
# A part of requirements.lock, cut out by docker/lock.py: the same versions, the same hashes.
COPY docker/aws.lock .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r aws.lock
COPY helpers helpers
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
CMD ["python", "-m", "helpers.local.aws.server"]
