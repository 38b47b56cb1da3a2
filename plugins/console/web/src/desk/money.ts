// Problems that rules found, and offers, as the desk's methods answer them; what can be done with each.
import { money } from '../text/format';
import { t, word } from '../text/i18n';
import type { DeskRequest } from './types';

// What a rule found, in words, and what to do.
export interface Finding {
  kind: string;
  code: string;
  title: string;
  text: string;
  severity: string;
  fixes: { fix: string; text: string }[];
}

export interface Problem extends Finding {
  since_ms: number;
  open: boolean;
  order?: string;
  number?: string;
  name?: string;
  shop?: string;
  sku?: string;
  chat?: number; // where the buyer can be written to
  question?: string; // what the buyer is usually asked, in their language
  amount?: number;
  currency?: string;
  told_ms?: number;
  answered?: boolean;
  left_alone?: boolean;
}

export type OfferState =
  | 'proposed' | 'read_back' | 'approval' | 'refused' | 'ready' | 'under_way' | 'unknown' | 'settled' | 'failed' | 'ended';

export interface Step {
  kind: string;
  amount?: number;
  request?: DeskRequest;
}

export interface Offer {
  offer: string;
  state: OfferState;
  shop: string;
  currency: string;
  steps: Step[];
  proposed_ms: number;
  chat?: number;
  order?: string;
  order_id?: string;
  member?: number;
  text?: string;
  rule?: string;
  direct?: boolean;
  needs?: string[];
  approvers?: number[];
  answered_by?: number;
  answered_text?: string;
}

export interface Standard {
  standard: string;
  currency: string;
  fast: boolean;
  steps: Step[];
}

// "Refund €12.00, Coupon €5.00"
export const stepsText = (steps: Step[], currency: string): string =>
  steps.map((one) => (one.amount ? `${word('kind', one.kind)} ${money(one.amount, currency)}` : word('kind', one.kind))).join(', ');

export const standards: readonly string[] = ['refund_coupon', 'resend_coupon'];

export type OfferAct = 'read_back' | 'confirm' | 'decline' | 'withdraw' | 'approve' | 'refuse';

// What a member can do with an offer as it stands; the desk has the last word.
export function actsOf(offer: Offer, member: number): OfferAct[] {
  const asked: OfferAct[] = waitsForApproval(offer) && (offer.approvers ?? []).includes(member) ? ['approve', 'refuse'] : [];
  const own: OfferAct[] = offer.member === member || offer.member === undefined ? ['withdraw'] : [];
  switch (offer.state) {
    case 'proposed': return [...asked, 'read_back', ...own];
    case 'read_back': return [...asked, 'confirm', 'decline', ...own];
    case 'approval': return [...asked, ...own];
    default: return [];
  }
}

// Whatever the buyer says meanwhile.
export const waitsForApproval = (offer: Offer): boolean =>
  (offer.needs ?? []).length > 0 && offer.answered_by === undefined && ['proposed', 'read_back', 'approval'].includes(offer.state);

export const bad = (state: OfferState): boolean => state === 'refused' || state === 'failed' || state === 'unknown';
export const readBackWords = (steps: Step[], currency: string): string => t('offer.words', { steps: stepsText(steps, currency) });
