"""Layers: which modules there are, what they are called, and the numbers under which the library knows them.

A root is a model: the topmost module that holds the one called, wrappers such as DistributedDataParallel taken off. Its layers
have the paths of named_modules(). Modules without parameters that nobody holds (a loss function) are layers by class name, and
modules made on the fly inside another are its children by class name, so that their number does not grow with the steps.
"""
import weakref

from headroom_attach.kinds import kind_of

INNER_OF_WRAPPER = {
    "DistributedDataParallel": "module",
    "DataParallel": "module",
    "AveragedModel": "module",
    "OptimizedModule": "_orig_mod",
    "FullyShardedDataParallel": "_fsdp_wrapped_module",
    "CheckpointWrapper": "_checkpoint_wrapped_module",
}


def inner_name(module):
    return INNER_OF_WRAPPER.get(type(module).__name__)


def unwrapped(module):
    name = inner_name(module)
    while name is not None and module._modules.get(name) is not None:
        module = module._modules[name]
        name = inner_name(module)
    return module


def class_name(module):
    name = type(unwrapped(module)).__name__
    return name.removeprefix("FSDP") if name.startswith("FSDP") and len(name) > 4 else name


class Root:
    def __init__(self, number, name, module):
        self.number = number
        self.name = name
        self.module = weakref.ref(module)
        self.layers = {}  # by path
        self.modules = []  # (weakref, path, layer) of every module
        self.scanned = -1  # count of registrations at the last scan
        self.signature = None  # of its parameters' memory


class Layers:
    def __init__(self, library):
        self.library = library
        self.known = {}  # id(module): (weakref, layer, root)
        self.parents = {}  # id(module): (weakref, weakref of the parent, name)
        self.registrations = 0
        self.roots = []
        self.by_class = {}  # layers of modules that nobody holds: (parent layer, class): layer
        self.places = [(None, "")]  # of each layer: root number, path

    # What the wrapper of Module.__call__ looks up first: known[id(module)].
    def entry(self, module, open_layers):
        entry = self.known.get(id(module))
        if entry is not None and entry[0]() is module:
            return entry
        return self._meet(module, open_layers)

    def register(self, parent, name, child):
        """A hook of Torch: `child` becomes parent.name."""
        if child is None:
            return
        self.registrations += 1
        key = id(child)
        self.parents[key] = (weakref.ref(child, lambda _: self.parents.pop(key, None)), weakref.ref(parent), name)

    def _top(self, module):
        for _ in range(1000):
            entry = self.parents.get(id(module))
            if entry is None or entry[0]() is not module:
                return module
            parent = entry[1]()
            if parent is None or parent._modules.get(entry[2]) is not module:
                return module
            module = parent
        return module

    def _meet(self, module, open_layers):
        top = self._top(module)
        held = top is not module or next(module.parameters(), None) is not None
        if held and (not open_layers or top is not module):
            self.scan(self._root_of(unwrapped(top)))
            self._remember_wrappers(top)
        entry = self.known.get(id(module))
        if entry is not None and entry[0]() is module:
            return entry
        return self._unheld(module, open_layers[-1] if open_layers else 0)

    def _root_of(self, module):
        entry = self.known.get(id(module))
        if entry is not None and entry[0]() is module and entry[2] is not None and entry[2].module() is module:
            return entry[2]
        name = class_name(module)
        for root in self.roots:
            if root.module() is None and root.name == name:
                root.module = weakref.ref(module)
                root.scanned = -1
                return root
        count = sum(root.name.split("_")[0] == name for root in self.roots)
        root = Root(len(self.roots), name if count == 0 else f"{name}_{count + 1}", module)
        self.roots.append(root)
        self.library.note(root=root.name, has_parameters=True)
        return root

    def _remember_wrappers(self, module):
        layer = self.known[id(unwrapped(module))][1:]
        while inner_name(module) is not None and module._modules.get(inner_name(module)) is not None:
            self._remember(module, *layer)
            module = module._modules[inner_name(module)]

    def _remember(self, module, layer, root):
        key = id(module)
        self.known[key] = (weakref.ref(module, lambda _: self.known.pop(key, None)), layer, root)

    def _new_layer(self, root_number, path, parent, kind):
        self.places.append((root_number, path))
        self.library.note(layer=path, parent=parent, kind=kind, root=root_number)
        return len(self.places) - 1

    def scan(self, root):
        """Names every module below the root; layers that were there before keep their numbers."""
        module = root.module()
        if module is None or root.scanned == self.registrations:
            return
        root.scanned = self.registrations
        root.modules = []
        self._walk(module, "", 0, root, "", set())

    def _walk(self, module, path, parent, root, name, seen):
        seen.add(id(module))
        layer = root.layers.get(path)
        if layer is None:
            kind = "model" if path == "" else kind_of(class_name(module), name)
            layer = root.layers[path] = self._new_layer(root.number, path, parent, kind)
        self._remember(module, layer, root)
        root.modules.append((self.known[id(module)][0], path, layer))
        inner = inner_name(module)
        for child_name, child in list(module._modules.items()):
            if child is None or id(child) in seen:
                continue
            child_path = path if child_name == inner else f"{path}.{child_name}" if path else child_name
            self._walk(child, child_path, layer, root, child_name, seen)

    def _unheld(self, module, parent):
        name = class_name(module)
        layer = parent if name == "GraphModule" else self.by_class.get((parent, name))  # what a compiler made of the parent
        if layer is None:
            layer = self.by_class[parent, name] = self._new_unheld_layer(name, parent)
        self._remember(module, layer, None)
        return self.known[id(module)]

    def _new_unheld_layer(self, name, parent):
        root_number, path = self.places[parent]
        if root_number is None:
            root_number = len(self.roots)
            self.roots.append(Root(root_number, name, self))
            self.library.note(root=name, has_parameters=False)
            return self._new_layer(root_number, "", 0, kind_of(name, ""))
        return self._new_layer(root_number, f"{path}.{name}" if path else name, parent, kind_of(name, ""))
