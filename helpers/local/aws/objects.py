"""S3: parts that are too small are refused, PutObject answers with the checksum it was sent.

Sources: "CompleteMultipartUpload" and "PutObject" of the Amazon S3 API Reference.
"""

from __future__ import annotations

import functools
import re

from ministack.services import s3

CHECKSUM = re.compile(r"x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)")
MIN_PART = 5 * 1024 * 1024  # bytes; every part but the last


def install() -> None:
    """Wrap MiniStack's S3."""
    s3._put_object = _checksum_returned(s3._put_object)
    s3._complete_multipart_upload = _sizes_checked(s3._complete_multipart_upload)


def _checksum_returned(original):
    @functools.wraps(original)
    def put_object(bucket_name, key, body, headers, *rest):
        status, response, content = original(bucket_name, key, body, headers, *rest)
        if status == 200:
            sums = {n: v for n, v in headers.items() if CHECKSUM.fullmatch(n)}
            response = {**sums, **response}
        return status, response, content

    return put_object


def _sizes_checked(original):
    @functools.wraps(original)
    def complete(bucket_name, key, body, query_params, *rest):
        upload = s3._multipart_uploads.get(s3._qp(query_params, "uploadId"))
        if upload:
            numbers = sorted(map(int, re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)))
            sizes = [len(upload["parts"][n]["body"]) for n in numbers if n in upload["parts"]]
            if any(size < MIN_PART for size in sizes[:-1]):
                message = "Your proposed upload is smaller than the minimum allowed size"
                return s3._error("EntityTooSmall", message, 400, f"/{bucket_name}/{key}")
        return original(bucket_name, key, body, query_params, *rest)

    return complete
