// Buffers, external correlation ids, and the settings of the activity API.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "virtual_gpu/libraries/cupti/answer.h"
#include "virtual_gpu/libraries/cupti/listener.h"
#include "virtual_gpu/libraries/cupti/state.h"

namespace headroom::virtual_gpu::cupti {
namespace {

// Every record is complete when it is written, so a forced flush has no more to give than another.
CUptiResult flush() {
  if (const CUptiResult error = ready()) return error;
  State& all = state();
  if (!all.buffers.has_callbacks()) return CUPTI_ERROR_INVALID_OPERATION;
  const std::uint64_t start = all.clock.now();
  {
    const std::lock_guard lock(all.mutex);
    all.threads.each([&](ThreadState& thread) { all.buffers.hand_over(thread.slot); });
    all.buffers.hand_over(all.shared_slot);
  }
  all.buffers.wait_until_delivered();
  if (all.on(CUPTI_ACTIVITY_KIND_OVERHEAD)) record_flush(start, all.clock.now());
  return CUPTI_SUCCESS;
}

// The real library's answers: 12 at the end and where a record is cut off, 21 where none begins.
CUptiResult next_record(std::uint8_t* buffer, std::size_t valid, CUpti_Activity** record) {
  if (buffer == nullptr || record == nullptr) return CUPTI_ERROR_INVALID_PARAMETER;
  std::uint8_t* next = buffer;
  if (*record != nullptr) {
    next = reinterpret_cast<std::uint8_t*>(*record);
    const std::size_t bytes = record_bytes(reinterpret_cast<const std::byte*>(next));
    if (bytes == 0) return CUPTI_ERROR_INVALID_KIND;
    next += bytes;
  }
  if (next >= buffer + valid) return CUPTI_ERROR_MAX_LIMIT_REACHED;
  const auto left = static_cast<std::size_t>(buffer + valid - next);
  std::byte kind[sizeof(CUpti_ActivityKind)] = {};
  std::memcpy(kind, next, std::min(left, sizeof kind));
  const std::size_t bytes = record_bytes(kind);
  if (bytes == 0) return CUPTI_ERROR_INVALID_KIND;
  if (bytes > left) return CUPTI_ERROR_MAX_LIMIT_REACHED;
  *record = reinterpret_cast<CUpti_Activity*>(next);
  return CUPTI_SUCCESS;
}

bool is_external_kind(CUpti_ExternalCorrelationKind kind) {
  return kind > CUPTI_EXTERNAL_CORRELATION_KIND_INVALID && kind < CUPTI_EXTERNAL_CORRELATION_KIND_SIZE;
}

std::vector<std::uint64_t>& ids_of(CUpti_ExternalCorrelationKind kind) {
  return state().threads.mine().external_ids[static_cast<std::size_t>(kind)];
}

CUptiResult push(CUpti_ExternalCorrelationKind kind, std::uint64_t id) {
  if (!is_external_kind(kind)) return CUPTI_ERROR_INVALID_PARAMETER;
  if (const CUptiResult error = ready()) return error;
  ids_of(kind).push_back(id);
  return CUPTI_SUCCESS;
}

CUptiResult pop(CUpti_ExternalCorrelationKind kind, std::uint64_t* last) {
  if (!is_external_kind(kind)) return CUPTI_ERROR_INVALID_PARAMETER;
  if (const CUptiResult error = ready()) return error;
  auto& ids = ids_of(kind);
  if (ids.empty()) return CUPTI_ERROR_QUEUE_EMPTY;
  if (last != nullptr) *last = ids.back();
  ids.pop_back();
  return CUPTI_SUCCESS;
}

// Attributes by number. What sizes memory on the device is kept and given back; there is no such memory.
struct Attribute {
  std::size_t bytes;  // 0: not supported
  std::atomic<std::uint64_t> value;
};

Attribute attributes[] = {{8, 3'200'000}, {8, 8u << 20}, {8, 250}, {0, 0},         {0, 0},        {1, 0},
                          {8, 3},         {0, 0},        {1, 0},   {1, kOwnSlots}, {8, 16u << 20}};

CUptiResult find_attribute(CUpti_ActivityAttribute number, const std::size_t* bytes, const void* value,
                           Attribute** out) {
  if (const CUptiResult error = ready()) return error;
  if (bytes == nullptr || value == nullptr || static_cast<std::uint32_t>(number) >= std::size(attributes))
    return CUPTI_ERROR_INVALID_PARAMETER;
  *out = &attributes[number];
  if ((*out)->bytes == 0) return CUPTI_ERROR_NOT_SUPPORTED;
  return *bytes < (*out)->bytes ? CUPTI_ERROR_PARAMETER_SIZE_NOT_SUFFICIENT : CUPTI_SUCCESS;
}

CUptiResult set_attribute(CUpti_ActivityAttribute number, std::size_t* bytes, void* value) {
  Attribute* attribute = nullptr;
  if (const CUptiResult error = find_attribute(number, bytes, value, &attribute)) return error;
  std::uint64_t given = 0;
  std::memcpy(&given, value, attribute->bytes);
  attribute->value = given;
  if (number == CUPTI_ACTIVITY_ATTR_ZEROED_OUT_ACTIVITY_BUFFER) state().buffers.set_zeroing(given == 0);
  if (number == CUPTI_ACTIVITY_ATTR_PER_THREAD_ACTIVITY_BUFFER) state().own_slots = given != 0;
  return CUPTI_SUCCESS;
}

CUptiResult get_attribute(CUpti_ActivityAttribute number, std::size_t* bytes, void* value) {
  Attribute* attribute = nullptr;
  if (const CUptiResult error = find_attribute(number, bytes, value, &attribute)) return error;
  const std::uint64_t kept = attribute->value;
  std::memcpy(value, &kept, attribute->bytes);
  *bytes = attribute->bytes;
  return CUPTI_SUCCESS;
}

}  // namespace

extern "C" {

CUptiResult cuptiActivityRegisterCallbacks(CUpti_BuffersCallbackRequestFunc requested,
                                           CUpti_BuffersCallbackCompleteFunc completed) {
  if (requested == nullptr || completed == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  state().buffers.set_callbacks(requested, completed);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityFlushAll(std::uint32_t) { return answer(flush()); }
CUptiResult cuptiActivityFlush(CUcontext, std::uint32_t, std::uint32_t) { return answer(flush()); }

// A full buffer is given back at once, which is all that a period could do.
CUptiResult cuptiActivityFlushPeriod(std::uint32_t) { return answer(ready()); }

CUptiResult cuptiActivityGetNextRecord(std::uint8_t* buffer, std::size_t valid, CUpti_Activity** record) {
  return answer(next_record(buffer, valid, record));
}

CUptiResult cuptiActivityGetNumDroppedRecords(CUcontext, std::uint32_t, std::size_t* dropped) {
  if (dropped == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  State& all = state();
  const std::lock_guard lock(all.mutex);
  *dropped = all.buffers.take_dropped();
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityPushExternalCorrelationId(CUpti_ExternalCorrelationKind kind, std::uint64_t id) {
  return answer(push(kind, id));
}

CUptiResult cuptiActivityPopExternalCorrelationId(CUpti_ExternalCorrelationKind kind, std::uint64_t* last) {
  return answer(pop(kind, last));
}

CUptiResult cuptiActivitySetAttribute(CUpti_ActivityAttribute number, std::size_t* bytes, void* value) {
  return answer(set_attribute(number, bytes, value));
}

CUptiResult cuptiActivityGetAttribute(CUpti_ActivityAttribute number, std::size_t* bytes, void* value) {
  return answer(get_attribute(number, bytes, value));
}

CUptiResult cuptiActivityEnableAllocationSource(std::uint8_t on) {
  if (const CUptiResult error = ready()) return answer(error);
  state().allocation_source = on != 0;
  return CUPTI_SUCCESS;
}

CUptiResult cuptiSetThreadIdType(CUpti_ActivityThreadIdType type) {
  if (const CUptiResult error = ready()) return answer(error);
  if (type < 0 || type >= CUPTI_ACTIVITY_THREAD_ID_TYPE_SIZE) return answer(CUPTI_ERROR_NOT_SUPPORTED);
  state().thread_id_type = type;
  return CUPTI_SUCCESS;
}

CUptiResult cuptiGetThreadIdType(CUpti_ActivityThreadIdType* type) {
  if (type == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  if (const CUptiResult error = ready()) return answer(error);
  *type = static_cast<CUpti_ActivityThreadIdType>(state().thread_id_type.load());
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityRegisterTimestampCallback(CUpti_TimestampCallbackFunc callback) {
  if (callback == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  if (const CUptiResult error = ready()) return answer(error);
  state().clock.use(callback);
  return CUPTI_SUCCESS;
}
}

}  // namespace headroom::virtual_gpu::cupti
