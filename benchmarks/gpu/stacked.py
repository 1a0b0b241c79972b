"""The time of an epoch of stacked MLPs, for each of them, and of one alone."""

N_MEMBERS = 64


def stacked(run):
    """Time MLPs of different learning rates, with the same batches and each with its own."""
    from ..stacked import measure

    n_members = 4 if run.quick else N_MEMBERS
    alone, members = [], {"stacked": [], "stacked_own": []}
    for _ in run.runs(3):
        for name, seconds in members.items():
            one, member = measure(
                run.data.X,
                run.data.y,
                n_members=n_members,
                same_batches=name == "stacked",
                device=run.device,
                n_epochs=run.epochs(3),
            )
            alone.append(one)
            seconds.append(member)
            run.record.measure("mlp_alone", alone)
            run.record.measure(name, seconds, n_members=n_members)
