import type { StreamChunk } from '@n8n/ai-node-sdk';

import type { WireToolCall } from './CompletionReply';

/** Puts the bits of tool calls together: n8n takes all that it is given for bits of one call, so each must go out whole. */
export class CallBuffer {
	private readonly calls = new Map<number, { id?: string; name: string; args: string }>();

	add(bit: WireToolCall & { index?: number }): void {
		const index = bit.index ?? 0;
		const call = this.calls.get(index) ?? { name: '', args: '' };
		call.id ??= bit.id;
		call.name += bit.function?.name ?? '';
		call.args += bit.function?.arguments ?? '';
		this.calls.set(index, call);
	}

	/** The calls in their order. */
	*whole(): Generator<StreamChunk> {
		for (const { id, name, args } of this.calls.values()) {
			yield { type: 'tool-call-delta', id, name, argumentsDelta: args };
		}
	}
}
