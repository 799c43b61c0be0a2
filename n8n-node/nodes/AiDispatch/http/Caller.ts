import type { IExecuteFunctions, ILoadOptionsFunctions, ISupplyDataFunctions } from 'n8n-workflow';

/** Whoever asks the sidecar on behalf of n8n. */
export type Caller = IExecuteFunctions | ILoadOptionsFunctions | ISupplyDataFunctions;
