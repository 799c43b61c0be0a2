import type { ISupplyDataFunctions } from 'n8n-workflow';

import type { Served } from './Served';

/** Says above the output of the node who answered and why; the same words only once, however often an agent calls. */
export class Teller {
	private readonly told = new Set<string>();

	constructor(private readonly context: ISupplyDataFunctions) {}

	tell({ model, why }: Served): void {
		if (model === undefined) return;
		const message = why === undefined ? `Served by ${model}` : `Served by ${model}, because ${why}`;
		if (this.told.has(message)) return;
		this.told.add(message);
		this.context.addExecutionHints({ message, type: 'info', location: 'outputPane' });
	}
}
