import { sentence } from '../desk/store';
import { say } from '../ui/toast';

// Says why what somebody asked for was not done.
export const refused = (error: unknown): void => say(sentence(error), true);
