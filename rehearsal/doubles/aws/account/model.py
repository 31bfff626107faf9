"""AWS's own service models, as botocore ships them, used to judge the parameters of a call."""

import difflib
import functools

import botocore.session
import regex
from botocore.exceptions import UnknownServiceError
from botocore.validate import ParamValidator

SESSION = botocore.session.get_session()


class Refused(Exception):
    """An answer AWS would give instead of doing what was asked."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


@functools.lru_cache(maxsize=None)
def _service(service):
    try:
        return SESSION.get_service_model(service)
    except UnknownServiceError:
        raise Refused("UnknownService", f'AWS has no service "{service}"') from None


@functools.lru_cache(maxsize=None)
def _operation(service, operation):
    model = _service(service)
    if operation not in model.operation_names:
        raise Refused("UnknownOperation", f'{service} has no operation "{operation}"')
    return model.operation_model(operation)


def validate(service, operation, params):
    """Refuses unknown, missing and mistyped parameters, and values outside their enum, pattern or bounds."""
    shape = _operation(service, operation).input_shape
    if shape is None:
        faults = [f"{operation} takes no parameters"] if params else []
    else:
        report = ParamValidator().validate(params, shape)
        faults = report.generate_report().splitlines() if report.has_errors() else []
        faults += list(_values(params, shape, ""))
    if faults:
        raise Refused("ValidationException", f"{service} {operation}: " + "; ".join(faults))


def without_secrets(text, service, operation, params):
    """The text without the values that AWS's model marks as sensitive: messages end up in logs."""
    try:
        shape = _operation(service, operation).input_shape
    except Refused:
        return text
    for secret in _sensitive(params, shape) if shape is not None else ():
        text = text.replace(secret, "[secret]").replace(repr(secret)[1:-1], "[secret]")
    return text


def _children(value, shape, path):
    """The members of a structure, list or map that are set, with their shapes and paths."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield value[name], member, f"{path}.{name}" if path else name
    elif shape.type_name == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield item, shape.member, f"{path}[{index}]"
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, item in value.items():
            yield key, shape.key, f"{path} (key)"
            yield item, shape.value, f"{path}.{key}"


def _values(value, shape, path):
    for child, member, where in _children(value, shape, path):
        yield from _values(child, member, where)
    size = len(value) if isinstance(value, (str, list, dict)) else value if isinstance(value, (int, float)) else None
    limits = shape.metadata
    # botocore's validator checks lower bounds only.
    if size is not None and shape.type_name != "boolean" and "max" in limits and size > limits["max"]:
        what = "length" if isinstance(value, (str, list, dict)) else "value"
        yield f"{path}: {what} {size} is above the largest allowed, {limits['max']}"
    if isinstance(value, str):
        if shape.type_name == "string" and limits.get("enum") and value not in limits["enum"]:
            yield f'{path}: "{value}" is not one of {_some(value, limits["enum"])}'
        pattern = shape._shape_model.get("pattern")  # not among the attributes botocore exposes
        if pattern and not _matches(pattern, value):
            yield f'{path}: "{value}" does not match {pattern}'


def _some(value, allowed):
    """All that is allowed, or what comes near where that is a long list: EC2 has over a thousand instance types."""
    if len(allowed) <= 20:
        return ", ".join(allowed)
    near = difflib.get_close_matches(value, allowed)
    return f"{len(allowed)} values" + (f"; near: {', '.join(near)}" if near else "")


@functools.lru_cache(maxsize=None)
def _compiled(pattern):
    try:
        return regex.compile(pattern)
    except regex.error:
        return None


def _matches(pattern, value):
    """Patterns without anchors describe the whole value; those that start with ^ say themselves where they end."""
    compiled = _compiled(pattern)
    if compiled is None:
        return True
    return bool(compiled.match(value) if pattern.startswith("^") else compiled.fullmatch(value))


def _sensitive(value, shape):
    if shape.metadata.get("sensitive") and str(value):
        yield str(value)
    for child, member, _ in _children(value, shape, ""):
        yield from _sensitive(child, member)
