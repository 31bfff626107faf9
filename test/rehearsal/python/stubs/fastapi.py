"""Stands in for FastAPI: custom_auth.py takes a type from it."""


class Request: ...
