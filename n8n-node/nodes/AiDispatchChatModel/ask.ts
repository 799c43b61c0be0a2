import type { ISupplyDataFunctions } from 'n8n-workflow';

import { send } from '../AiDispatch/http/send';
import { modelError } from './modelError';
import type { CompletionReply } from './reply/CompletionReply';
import { readServed } from './reply/readServed';
import type { Served } from './reply/Served';
import type { Asked } from './request/Asked';
import { callFor } from './request/callFor';
import type { Settings } from './request/Settings';

/** A whole answer of the sidecar, and who gave it; any failure is thrown as n8n shows it best. */
export async function ask(
	context: ISupplyDataFunctions,
	asked: Asked,
	settings: Settings,
): Promise<{ reply: CompletionReply; served: Served }> {
	const answer = await send<CompletionReply>(context, callFor(asked, settings));
	if ('failure' in answer) throw modelError(answer.failure, context.getNode());
	return { reply: answer.reply, served: readServed(answer.headers) };
}
