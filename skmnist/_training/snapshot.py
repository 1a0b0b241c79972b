"""Go back to the end of the last whole epoch, where an epoch is broken off."""

import copy

import torch


class WholeEpochs:
    """What a net and its early stopping were at the end of the last whole epoch.

    Parameters
    ----------
    net : Net
    stopping : EarlyStop or None
    checkpoints : Checkpoints or None
        Where to write each epoch to.
    """

    def __init__(self, net, stopping, checkpoints=None):
        self.net = net
        self.stopping = stopping
        self.checkpoints = checkpoints
        self._kept = None
        self.keep()

    def keep(self):
        """Note what both are now."""
        net, stopping = self.net, self.stopping
        # One assignment at the end: an interrupt on the way leaves the last note as it was.
        self._kept = (
            len(net.history),
            _copies(net.module_.state_dict()),
            {p: _copies(state) for p, state in net.optimizer_.state.items()},
            [{k: v for k, v in g.items() if k != "params"} for g in net.optimizer_.param_groups],
            None if stopping is None else stopping.get_state(),
        )

    def end(self):
        """Note what the callbacks made of the epoch, and write its checkpoint."""
        if self.net.callbacks_:
            self.keep()
        if self.checkpoints is not None:
            self.checkpoints.write(self.net, self.stopping)

    def go_back(self):
        """Make both what they were, and the history as long as it was."""
        net, stopping = self.net, self.stopping
        n_epochs, weights, states, groups, watched = self._kept
        net.module_.load_state_dict(weights)
        net.optimizer_.state.clear()
        net.optimizer_.state.update({p: _copies(state) for p, state in states.items()})
        for group, kept in zip(net.optimizer_.param_groups, groups, strict=True):
            group.update(kept)
        while len(net.history) > n_epochs:
            del net.history[-1]
        if stopping is not None:
            stopping.set_state(watched)


def _copies(state):
    return {
        name: value.detach().clone() if torch.is_tensor(value) else copy.deepcopy(value)
        for name, value in state.items()
    }
