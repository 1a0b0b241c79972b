"""A stand-in for CUDA graphs on the CPU: it replays the operations that a step called.

As a CUDA graph, it runs no Python in a replay. Numbers are those of the capture, and tensors from
outside of the step are the same memory, which must not have been freed. It rejects what a GPU
can't capture: reading a tensor's value, copying from the CPU, and random numbers of a generator
that isn't registered.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_unflatten

# Operations that wait for the device, or copy from the CPU.
WAITING = (
    "aten::_local_scalar_dense",
    "aten::equal",
    "aten::is_nonzero",
    "aten::item",
    "aten::lift_fresh",
    "aten::lift_fresh_copy",
    "aten::masked_select",
    "aten::nonzero",
    "aten::_unique2",
    "aten::unique_dim",
)


class Recorder(TorchDispatchMode):
    """Records the operations inside the block, and what they change outside of it."""

    def __init__(self, generators):
        super().__init__()
        self.generators = list(generators)
        self.calls = []
        self._created = {}  # address of memory -> (number of the call, position in its results)
        self._alive = []  # so that no address is used again
        self._saved = {}  # address of other memory -> the memory, and a copy of it

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name().partition(".")[0]
        if name in WAITING:
            raise RuntimeError(f"{name} is not permitted when stream is capturing")
        leaves, form = tree_flatten((args, kwargs or {}))
        leaves = [self._describe(leaf) for leaf in leaves]
        if torch.Tag.nondeterministic_seeded in function.tags:
            assert any(map(self._is_registered, leaves)), f"{name} has no registered generator"
        results = function(*args, **(kwargs or {}))
        for position, result in enumerate(tree_flatten(results)[0]):
            if torch.is_tensor(result) and self._is_new(result):
                self._created[_address(result)] = (len(self.calls), position)
                self._alive.append(result)
        self.calls.append((function, leaves, form))
        return results

    def _is_registered(self, leaf):
        # Not the same object: torch wraps the generator of a call again.
        return isinstance(leaf, torch.Generator) and any(
            torch.equal(leaf.get_state(), generator.get_state()) for generator in self.generators
        )

    def _is_new(self, tensor):
        return _address(tensor) not in self._created and _address(tensor) not in self._saved

    def _describe(self, leaf):
        """Return a number or generator itself; for a tensor, its memory and its layout."""
        if not torch.is_tensor(leaf):
            return leaf
        layout = (leaf.size(), leaf.stride(), leaf.storage_offset())
        if self._is_new(leaf):
            flat = leaf.detach().as_strided((_n_elements(leaf),), (1,), 0)
            self._saved[_address(leaf)] = (flat, flat.clone())
        if _address(leaf) in self._saved:
            # As in a graph, a reference that doesn't keep the memory.
            return ("outside", (leaf.untyped_storage()._weak_ref(), leaf.dtype), layout)
        return ("inside", self._created[_address(leaf)], layout)

    def undo(self):
        """Undo what the recorded operations changed: a capture only records them."""
        for memory, copy in self._saved.values():
            memory.copy_(copy)


def _address(tensor):
    return tensor.untyped_storage().data_ptr()


def _n_elements(tensor):
    return tensor.untyped_storage().nbytes() // tensor.element_size()


def _memory(reference, dtype):
    storage = torch.UntypedStorage._new_with_weak_ptr(reference)
    assert storage is not None, "memory that the captured step uses was freed"
    return torch.empty(0, dtype=dtype).set_(storage)


def capture(function, device, generators):
    """Do what ``skmnist._training.cuda_graphs.capture`` does."""
    generators = list(generators)
    states = [generator.get_state() for generator in generators]
    recorder = Recorder(generators)
    with recorder:
        function()
    with torch.no_grad():
        recorder.undo()
    for generator, state in zip(generators, states, strict=True):
        generator.set_state(state)
    calls = recorder.calls

    @torch.no_grad()
    def replay():
        results = {}

        def find(leaf):
            if not (isinstance(leaf, tuple) and leaf and leaf[0] in ("inside", "outside")):
                return leaf
            kind, where, layout = leaf
            return (results[where] if kind == "inside" else _memory(*where)).as_strided(*layout)

        for number, (function, leaves, form) in enumerate(calls):
            args, kwargs = tree_unflatten([find(leaf) for leaf in leaves], form)
            for position, result in enumerate(tree_flatten(function(*args, **kwargs))[0]):
                results[number, position] = result

    return replay
