"""Parameters and buffers of a root: noted and tagged when the root is first called, and again when their memory is another."""
import weakref

from headroom_attach.tensors import device_number, dtype_name, plain_tensors, quick_address


def is_plain(tensor):
    return getattr(tensor, "__tensor_flatten__", None) is None


def memory(tensor):
    return quick_address(tensor) if is_plain(tensor) else sum(map(quick_address, plain_tensors(tensor)))


def is_whole(tensor):
    """Not a view into memory that others share."""
    return all(plain.untyped_storage().nbytes() <= plain.numel() * plain.element_size() for plain in plain_tensors(tensor))


def sizes(tensor):
    try:
        return list(map(int, tensor.shape))
    except Exception:  # a lazy module's parameter has none yet
        return None


class Parameters:
    def __init__(self, library, tagger):
        self.library = library
        self.tagger = tagger
        self.owners = {}  # id(parameter): (weakref, root number, name)
        self.trainable = []  # (weakref, layer, root number)
        self.gradients = []  # their addresses when they were last tagged

    def refresh(self, root):
        """Cheap when nothing changed."""
        signature = self._signature(root)
        if signature == root.signature:
            return
        root.signature = signature
        if root.module() is not None:
            self.library.note(forget_parameters=root.number)
            self._take(root)

    def _signature(self, root):
        addresses = []
        for reference, _, _ in root.modules:
            module = reference()
            if module is None:
                continue
            for tensor in module._parameters.values():
                if tensor is not None:
                    addresses.append(memory(tensor))
            for tensor in module._buffers.values():
                if tensor is not None:
                    addresses.append(memory(tensor))
        return addresses

    def _take(self, root):
        self.owners = {key: owner for key, owner in self.owners.items() if owner[1] != root.number}
        self.trainable = [item for item in self.trainable if item[2] != root.number and item[0]() is not None]
        self.gradients = []
        for reference, path, layer in root.modules:
            module = reference()
            if module is None:
                continue
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    self.tagger.tag(buffer, "other", layer)
            for name, parameter in module._parameters.items():
                if parameter is not None and sizes(parameter) is not None:
                    self._take_one(root, f"{path}.{name}" if path else name, parameter, layer)

    def _take_one(self, root, name, parameter, layer):
        owner = self.owners.get(id(parameter))
        shared = owner is not None and owner[0]() is parameter
        if not shared:
            self.owners[id(parameter)] = (weakref.ref(parameter), root.number, name)
            self.tagger.tag(parameter, "parameter", layer)
            self.library.variable(parameter._cdata, layer)
            if parameter.requires_grad:
                self.trainable.append((weakref.ref(parameter), layer, root.number))
        self._note(root, name, parameter, layer, owner if shared else None)

    def _note(self, root, name, parameter, layer, owner):
        tensors = plain_tensors(parameter) or [parameter]
        tensor = tensors[0]
        self.library.note_for(
            device_number(tensor),
            parameter=name,
            root=root.number,
            shape=sizes(tensor) or [],
            dtype=dtype_name(tensor),
            bytes=0 if owner else tensor.numel() * tensor.element_size(),
            layer=layer,
            trainable=bool(parameter.requires_grad),
            shared_with=owner[2] if owner else "",
            shared_root=owner[1] if owner else 0,
        )

    def tag_gradients(self):
        """What autograd did not show: gradients that were replaced after they had been accumulated, such as views into the
        buckets of DistributedDataParallel, and those of sharded parameters. Cheap when they lie where they lay."""
        found = []
        for reference, layer, _ in self.trainable:
            parameter = reference()
            gradient = None if parameter is None else parameter.grad
            if gradient is not None:
                found.append((gradient, layer))
        addresses = [memory(gradient) for gradient, _ in found]
        if addresses == self.gradients:
            return
        self.gradients = addresses
        for gradient, layer in found:
            self.tagger.tag(gradient, "gradient", layer if is_whole(gradient) else -1)

    def layer_of(self, parameter, layers):
        owner = self.owners.get(id(parameter))
        if owner is None or owner[0]() is not parameter:
            return -1
        return layers.roots[owner[1]].layers.get(owner[2].rpartition(".")[0], -1)
