"""Tensors by the address of their memory. Subclasses that wrap others (DTensor, quantised ones) are what they wrap."""

CATEGORIES = {
    name: number
    for number, name in enumerate(
        ["parameter", "gradient", "optimizer_state", "activation", "temporary", "kv_cache", "input", "workspace", "other"]
    )
}


def plain_tensors(tensor):
    """The tensors with memory of their own that make up `tensor`; none of what is no tensor, such as a DTensor's mesh."""
    if not hasattr(tensor, "untyped_storage"):
        return []
    flatten = getattr(tensor, "__tensor_flatten__", None)
    if flatten is None:
        return [tensor]
    try:
        names, _ = flatten()
        return [plain for name in names for plain in plain_tensors(getattr(tensor, name))]
    except Exception:
        return []


def device_number(tensor):
    device = tensor.device
    return device.index if device.type == "cuda" else -1


def address(tensor):
    """Of the storage; 0 where there is none (meta, fake, sparse)."""
    if tensor.device.type not in ("cuda", "cpu"):
        return 0
    try:
        return tensor.untyped_storage().data_ptr()
    except Exception:
        return 0


def quick_address(tensor):
    """Cheap, and different when the memory is another."""
    try:
        return tensor.data_ptr()
    except Exception:
        return 0


def dtype_name(tensor):
    return str(tensor.dtype).removeprefix("torch.")


def text(tensor):
    return f"[{', '.join(map(str, tensor.shape))}] {dtype_name(tensor)}"


class Tagger:
    def __init__(self, library):
        self.library = library

    def tag(self, tensor, category, layer=-1):
        for plain in plain_tensors(tensor):
            where = address(plain)
            if where:
                self.library.tag(device_number(plain), where, CATEGORIES[category], layer, text(plain).encode())
