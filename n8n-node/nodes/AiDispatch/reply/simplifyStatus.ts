import type { IDataObject } from 'n8n-workflow';

import type { StatusReply } from './StatusReply';

/** Whether it works, what does not, which models are loaded, and how busy they are. */
export function simplifyStatus(reply: StatusReply): IDataObject {
	const ailing = Object.entries(reply.parts).filter(([, { status }]) => status !== 'ok');
	const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);
	const { containers } = reply;
	return {
		status: reply.status,
		problems: ailing.map(([part, { detail }]) => `${part}: ${detail}`),
		loaded_models: [...new Set(containers.filter(isReady).map(({ model }) => model))],
		in_flight: sum(containers.map(({ in_flight }) => in_flight)),
		waiting: sum(containers.map(({ waiting }) => waiting)),
		memory_budget_mib: reply.memory_budget_mib,
		memory_reserved_mib: reply.memory_reserved_mib,
	};
}

function isReady({ state }: { state: string }): boolean {
	return state === 'ready';
}
