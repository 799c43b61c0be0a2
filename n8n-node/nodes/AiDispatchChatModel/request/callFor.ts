import type { Call } from '../../AiDispatch/http/Call';
import type { Asked } from './Asked';
import { bodyFor } from './bodyFor';
import { hintsFor } from './hintsFor';
import type { Settings } from './Settings';
import { timeoutOf } from './timeoutOf';

/** How much longer than the sidecar we wait: it says itself when the time is up. */
const GRACE_S = 15;

/** The question to the sidecar for one call of the model. */
export function callFor(asked: Asked, settings: Settings): Call {
	return {
		method: 'POST',
		path: '/v1/chat/completions',
		headers: hintsFor(settings),
		body: bodyFor(asked, settings),
		isStream: asked.isStream,
		waitS: timeoutOf(settings.options.timeout) + GRACE_S,
		proof: 'choices',
	};
}
