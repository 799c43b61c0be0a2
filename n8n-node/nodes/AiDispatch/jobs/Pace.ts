/** How patient a run is, in seconds. */
export interface Pace {
	/** How long the sidecar holds a question open when nothing is finished; it takes 25 at most. */
	pollS: number;
	/** When a question that got no answer is given up: later than `pollS`, and never over 30. */
	requestS: number;
	/** Before asking a silent or busy sidecar again, at first; doubled each time. */
	pauseS: number;
	/** The longest such pause. */
	pauseMaxS: number;
	/** How long to look for a sidecar that was never heard of in this run. */
	firstContactS: number;
	/** The sidecar itself ends a job at its deadline and says so; only its silence is cut off, this much later. */
	marginS: number;
}
