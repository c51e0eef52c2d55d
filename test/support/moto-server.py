"""
moto's server as the tests start it (moto.ts): with the arguments of `python3 -m moto.server`, and two things more.

1. moto tests a condition, writes, and adds the metadata in three steps, and other threads come between: of 12 racers two won
   in 1 of 300 rounds, with multipart uploads nearly always. S3 does not do that: a request for a key is one step here, too.
2. Each kind of call is written to calls.ndjson in the working folder (aws-calls.ts reads it): once for each, with what differs
   from request to request taken as alike.
"""

import functools
import json
import re
import runpy
import threading
from io import BytesIO

from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.s3.responses import S3Response

key_lock = threading.Lock()
plain_key_response = S3Response._key_response


@functools.wraps(plain_key_response)
def atomic_key_response(*args):
    with key_lock:
        return plain_key_response(*args)


S3Response._key_response = atomic_key_response

calls = open("calls.ndjson", "w", buffering=1, encoding="utf-8")
calls_lock = threading.Lock()
seen = set()
plain_call = DomainDispatcherApplication.__call__


def body_of(environ):
    """The request's body, which can then be read again."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return body


def write_down(environ):
    query = environ.get("QUERY_STRING", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    call = {
        "method": environ["REQUEST_METHOD"],
        "path": environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
        "query": query,
        "target": target,
        "agent": environ.get("HTTP_USER_AGENT", ""),
        "authorization": environ.get("HTTP_AUTHORIZATION", "").partition(", SignedHeaders")[0],
    }
    if target.startswith("AmazonSQS."):
        asked = json.loads(body_of(environ))
        call["queue"] = asked.get("QueueUrl") or asked.get("QueueName") or ""
    elif re.match("delete(=|&|$)", query):
        call["keys"] = re.findall("<Key>(.*?)</Key>", body_of(environ).decode("utf-8", "replace"))
    line = json.dumps(call)
    kind = re.sub(r"[0-9a-f]{6,}|\d+", "#", line)
    with calls_lock:
        if kind not in seen:
            seen.add(kind)
            calls.write(line + "\n")


def recording_call(self, environ, start_response):
    write_down(environ)
    return plain_call(self, environ, start_response)


DomainDispatcherApplication.__call__ = recording_call
runpy.run_module("moto.server", run_name="__main__")
