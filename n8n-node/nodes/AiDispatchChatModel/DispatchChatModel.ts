import type {
	ChatModel,
	ChatModelConfig,
	GenerateResult,
	Message,
	StreamChunk,
	Tool,
} from '@n8n/ai-node-sdk';
import type { ISupplyDataFunctions } from 'n8n-workflow';

import { ask } from './ask';
import { askForStream } from './askForStream';
import { Teller } from './reply/Teller';
import { readCompletion } from './reply/readCompletion';
import type { Asked } from './request/Asked';
import type { Settings } from './request/Settings';
import { wireMessage } from './request/wireMessage';
import { wireTool } from './request/wireTool';
import type { Sdk } from './Sdk';

type Config = ChatModelConfig & { stop?: string[] };

/** The model that chains and agents call: behind every call stands the one the sidecar chooses for it. */
export class DispatchChatModel implements ChatModel {
	readonly provider = 'ai-dispatch';

	readonly modelId: string;

	constructor(
		private readonly context: ISupplyDataFunctions,
		private readonly sdk: Sdk,
		private readonly settings: Settings,
		private readonly tools: Tool[] = [],
		private readonly teller = new Teller(context),
	) {
		this.modelId = String(settings.model || 'auto');
	}

	/** The same model with tools it may call. */
	withTools(tools: Tool[]): DispatchChatModel {
		const all = [...this.tools, ...tools];
		return new DispatchChatModel(this.context, this.sdk, this.settings, all, this.teller);
	}

	/** The answer, whole. */
	async generate(messages: Message[], config?: Config): Promise<GenerateResult> {
		const asked = this.asked(messages, false, config);
		const { reply, served } = await ask(this.context, asked, this.settings);
		this.teller.tell(served);
		return readCompletion(reply, served);
	}

	/** The answer, as it is written. */
	async *stream(messages: Message[], config?: Config): AsyncGenerator<StreamChunk> {
		const asked = this.asked(messages, true, config);
		const { chunks, served } = await askForStream(this.context, this.sdk, asked, this.settings);
		this.teller.tell(served);
		yield* chunks;
	}

	private asked(messages: Message[], isStream: boolean, config?: Config): Asked {
		return {
			messages: messages.flatMap(wireMessage),
			tools: this.tools.flatMap((tool) => wireTool(this.sdk, tool)),
			stop: config?.stop ?? config?.stopSequences,
			isStream,
		};
	}
}
