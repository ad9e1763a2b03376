"""BatchNorm in a training of several processes."""

from __future__ import annotations

import torch
from mmengine.config import Config
from torch import distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg.utils.errors import UserError


def check_sync_batchnorm(cfg: Config) -> None:
    """Refuses ``sync_batchnorm=True`` where several processes train without GPUs; a single process has nothing to synchronise."""
    wanted = cfg.get("sync_batchnorm", False)
    if not isinstance(wanted, bool):
        raise UserError(f"sync_batchnorm={wanted!r} is no switch. Use True or False.")
    if wanted and cfg.get("launcher", "none") != "none" and not torch.cuda.is_available():
        raise UserError("sync_batchnorm=True needs GPUs: torch has no synchronised BatchNorm for CPUs. Leave it out.")


def local_statistics(network: nn.Module) -> list[torch.Tensor]:
    """The running statistics [C] that the BatchNorm layers of a network collect in this process alone."""
    kinds = (module for module in network.modules() if isinstance(module, _BatchNorm) and not isinstance(module, nn.SyncBatchNorm))
    collecting = [module for module in kinds if module.training and module.track_running_stats]
    return [statistic for module in collecting for statistic in (module.running_mean, module.running_var)]


@torch.no_grad()
def average_statistics(network: nn.Module) -> None:
    """Gives the BatchNorm layers of all processes the mean of their running statistics; each process has to call this.

    While a network trains, its layers normalise with the statistics of the batch of their own process, so the running
    ones matter only where it is evaluated or saved: there, and not in every iteration, they have to be the same. The
    means of moving averages are the moving averages of what all processes have seen.
    """
    statistics = local_statistics(network)
    if not statistics or not distributed.is_initialized():
        return
    joined = torch.cat(statistics)
    distributed.all_reduce(joined)
    joined /= distributed.get_world_size()
    torch._foreach_copy_(statistics, joined.split([len(statistic) for statistic in statistics]))
