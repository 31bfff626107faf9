"""Leaves a stream whose connection broke before its answer began to the router's retry policy.

LiteLLM's HTTP client (1.106.2, AsyncHTTPHandler.post) asks by itself once more, over a second client, which it closes as soon
as the answer's headers are there. A plain answer is whole by then; a stream that is still coming is cut, too late for any retry.
"""

import httpx
from litellm.integrations.custom_logger import CustomLogger
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

ask_once_more = AsyncHTTPHandler.single_connection_post_request


async def ask_once_more_unless_streamed(self, *args, stream=False, **kwargs):
    if stream:
        raise httpx.ConnectError("the connection broke before the answer began")
    return await ask_once_more(self, *args, stream=stream, **kwargs)


AsyncHTTPHandler.single_connection_post_request = ask_once_more_unless_streamed

# LiteLLM loads what is named as a callback. This one does nothing.
callback = CustomLogger()
