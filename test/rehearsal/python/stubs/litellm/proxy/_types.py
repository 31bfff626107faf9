"""Stands in for LiteLLM, which takes 0.7 GB: the three types that custom_auth.py needs, as litellm 1.106.2 has them."""

from enum import Enum


class LitellmUserRoles(str, Enum):
    PROXY_ADMIN = "proxy_admin"
    INTERNAL_USER = "internal_user"


class ProxyException(Exception):
    def __init__(self, message, type, param, code):
        super().__init__(message)
        self.message, self.type, self.param, self.code = message, type, param, str(code)


class UserAPIKeyAuth:
    def __init__(self, api_key, user_id, user_role, key_alias=None):
        self.api_key, self.user_id, self.user_role, self.key_alias = api_key, user_id, user_role, key_alias
