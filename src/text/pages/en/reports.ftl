# Reports: flow, deviations, delegation, who is unblinded.
